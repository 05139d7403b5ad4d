import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import java.util.function.Supplier;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/** Decodes one datum over and over: {@code WRITER READER HEX}. Each line asks for {@code fast|resolving new|reused}; the answer is in nanoseconds. */
public final class Decode {
    private static final long PASS = 5_000_000;
    private static Object sink;

    private final byte[] bytes;
    private final GenericDatumReader<GenericRecord> reader;
    private BinaryDecoder decoder;
    private GenericRecord last;

    private Decode(Schema writer, Schema wanted, byte[] bytes, boolean fast) {
        GenericData data = new GenericData();
        data.setFastReaderEnabled(fast);
        this.bytes = bytes;
        this.reader = new GenericDatumReader<>(writer, wanted, data);
    }

    private GenericRecord decode(GenericRecord reused) {
        try {
            decoder = DecoderFactory.get().binaryDecoder(bytes, decoder);
            return reader.read(reused, decoder);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private Object fresh() {
        return decode(null);
    }

    private Object again() {
        last = decode(last);
        return last;
    }

    private static double pass(Supplier<Object> work, long calls) {
        long begun = System.nanoTime();
        for (long call = 0; call < calls; call++) {
            sink = work.get();
        }
        return (double) (System.nanoTime() - begun) / calls;
    }

    /** The best of some passes, after so many nanoseconds of warming up. */
    private static double best(Supplier<Object> work, long warm) {
        long begun = System.nanoTime();
        double each;
        do {
            each = pass(work, 10_000);
        } while (System.nanoTime() - begun < warm);
        long calls = Math.max(1, (long) (PASS / each));
        double best = Double.MAX_VALUE;
        for (int done = 0; done < 12; done++) {
            best = Math.min(best, pass(work, calls));
        }
        return best;
    }

    public static void main(String[] args) throws Exception {
        Schema writer = new Schema.Parser().parse(args[0]);
        Schema wanted = new Schema.Parser().parse(args[1]);
        byte[] bytes = HexFormat.of().parseHex(args[2]);
        Decode fast = new Decode(writer, wanted, bytes, true);
        Decode resolving = new Decode(writer, wanted, bytes, false);
        String expected = fast.decode(null).toString();
        if (!expected.equals(resolving.decode(null).toString()) || !expected.contains("\"channel\": \"web\"")) {
            throw new IllegalStateException(expected);
        }
        for (Decode each : new Decode[] {fast, resolving}) {
            best(each::fresh, 1_500_000_000L);
            best(each::again, 1_500_000_000L);
        }
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            Decode chosen = line.startsWith("fast") ? fast : resolving;
            Supplier<Object> work = line.endsWith("new") ? chosen::fresh : chosen::again;
            System.out.println(best(work, 20_000_000L));
        }
    }
}
