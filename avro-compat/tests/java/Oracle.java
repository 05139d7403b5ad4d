import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaNormalization;

/**
 * Says what Java's SchemaCompatibility says: a line of JSON for each line of JSON.
 *
 * In: {"reader": TEXT, "writer": TEXT}. Out: {"refused": MESSAGE} if a schema does not parse, else the canonical forms of both with {"throws": MESSAGE} or
 * {"found": [...]}, which is empty for COMPATIBLE. With an argument N, each pair is checked N times, and the nanoseconds of the fastest tenth stand beside the result.
 */
public final class Oracle {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        int times = args.length > 0 ? Integer.parseInt(args[0]) : 0;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode pair = JSON.readTree(line);
            out.println(JSON.writeValueAsString(answer(pair.get("reader").textValue(), pair.get("writer").textValue(), times)));
        }
        out.flush();
    }

    private static ObjectNode answer(String readerText, String writerText, int times) {
        ObjectNode answer = JSON.createObjectNode();
        Schema reader;
        Schema writer;
        try {
            reader = new Schema.Parser().parse(readerText);
            writer = new Schema.Parser().parse(writerText);
        } catch (RuntimeException refused) {
            return answer.put("refused", String.valueOf(refused));
        }
        answer.put("reader", SchemaNormalization.toParsingForm(reader));
        answer.put("writer", SchemaNormalization.toParsingForm(writer));
        try {
            ArrayNode found = answer.putArray("found");
            SchemaCompatibility.SchemaPairCompatibility result =
                SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
            for (SchemaCompatibility.Incompatibility it : result.getResult().getIncompatibilities()) {
                found.addObject()
                    .put("type", it.getType().name())
                    .put("location", it.getLocation())
                    .put("message", it.getMessage())
                    .put("reader", SchemaNormalization.toParsingForm(it.getReaderFragment()))
                    .put("writer", SchemaNormalization.toParsingForm(it.getWriterFragment()));
            }
            boolean compatible = result.getType() == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE;
            if (compatible != (found.size() == 0)) {
                answer.put("throws", "the verdict is " + result.getType() + " with " + found.size() + " incompatibilities");
            }
        } catch (RuntimeException thrown) {
            answer.remove("found");
            answer.put("throws", thrown.getMessage());
        }
        if (times > 0) {
            answer.put("nanos", fastest(reader, writer, times));
        }
        return answer;
    }

    private static double fastest(Schema reader, Schema writer, int times) {
        double best = Double.MAX_VALUE;
        int each = Math.max(1, times / 10);
        for (int round = 0; round < 10; round++) {
            long begun = System.nanoTime();
            for (int i = 0; i < each; i++) {
                SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
            }
            best = Math.min(best, (System.nanoTime() - begun) / (double) each);
        }
        return best;
    }
}
