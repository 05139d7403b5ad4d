// Asks spymemcached, Guava and Cassandra where they keep keys: lines of requests in, lines of answers out. Run by generate.py.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import net.spy.memcached.DefaultHashAlgorithm;
import net.spy.memcached.KetamaNodeKeyFormatter;
import net.spy.memcached.KetamaNodeLocator;
import net.spy.memcached.MemcachedNode;

class Vectors {
  static final HexFormat HEX = HexFormat.of();

  public static void main(String[] args) throws Exception {
    // It logs to standard error by default, and says so there.
    System.setProperty("net.spy.log.LoggerImpl", "net.spy.memcached.compat.log.SunLogger");
    java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.OFF);
    StringBuilder out = new StringBuilder();
    Spymemcached spymemcached = null;
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line; (line = in.readLine()) != null; ) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "guava" -> out.append(com.google.common.hash.Hashing.consistentHash(Long.parseLong(words[1]), Integer.parseInt(words[2])));
        case "cassandra" -> out.append(
            org.apache.cassandra.dht.Murmur3Partitioner.instance
                .getToken(ByteBuffer.wrap(words[1].equals("-") ? new byte[0] : HEX.parseHex(words[1]))).token);
        case "cassandra-invert" -> out.append(
            HEX.formatHex(org.apache.cassandra.dht.Murmur3Partitioner.LongToken.keyForToken(Long.parseLong(words[1])).array()));
        case "spymemcached" -> spymemcached = new Spymemcached(words[1], words[2]);
        case "node" -> spymemcached.add(words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3]));
        case "key" -> out.append(spymemcached.answer(new String(HEX.parseHex(words[1]), StandardCharsets.US_ASCII)));
        default -> throw new IllegalArgumentException(line);
      }
      if (!words[0].equals("node") && !words[0].equals("spymemcached")) {
        out.append('\n');
      }
    }
    System.out.print(out);
  }

  static class Spymemcached {
    static final Map<String, DefaultHashAlgorithm> HASHES = Map.of(
        "md5", DefaultHashAlgorithm.KETAMA_HASH, "crc", DefaultHashAlgorithm.CRC_HASH,
        "fnv1_64", DefaultHashAlgorithm.FNV1_64_HASH, "fnv1a_64", DefaultHashAlgorithm.FNV1A_64_HASH,
        "fnv1_32", DefaultHashAlgorithm.FNV1_32_HASH, "fnv1a_32", DefaultHashAlgorithm.FNV1A_32_HASH);

    final boolean asLibmemcached;
    final DefaultHashAlgorithm hash;
    final List<MemcachedNode> nodes = new ArrayList<>();
    final Map<InetSocketAddress, Integer> weights = new HashMap<>();
    KetamaNodeLocator locator;

    Spymemcached(String dialect, String hash) {
      asLibmemcached = dialect.equals("SpymemcachedAsLibmemcached");
      this.hash = HASHES.get(hash);
    }

    void add(String host, int port, int weight) throws Exception {
      String[] parts = host.split("/");
      byte[] bytes = InetAddress.getByName(parts[parts.length - 1]).getAddress();
      InetAddress address;
      if (parts.length == 2) {
        address = InetAddress.getByAddress(parts[0], bytes);
      } else if (asLibmemcached) {
        // With a name, so that none is looked up.
        address = InetAddress.getByAddress(host, bytes);
      } else {
        address = InetAddress.getByAddress(bytes);
      }
      InetSocketAddress socket = new InetSocketAddress(address, port);
      weights.put(socket, weight);
      nodes.add((MemcachedNode) Proxy.newProxyInstance(Vectors.class.getClassLoader(), new Class<?>[] {MemcachedNode.class},
          (proxy, method, arguments) -> switch (method.getName()) {
            case "getSocketAddress" -> socket;
            case "hashCode" -> System.identityHashCode(proxy);
            case "equals" -> proxy == arguments[0];
            case "toString" -> socket.toString();
            default -> throw new UnsupportedOperationException(method.getName());
          }));
    }

    String answer(String key) {
      if (locator == null) {
        boolean weighted = weights.values().stream().anyMatch(weight -> weight != 1);
        locator = new KetamaNodeLocator(nodes, hash,
            asLibmemcached ? KetamaNodeKeyFormatter.Format.LIBMEMCACHED : KetamaNodeKeyFormatter.Format.SPYMEMCACHED,
            weighted ? weights : new HashMap<>());
      }
      StringBuilder answer = new StringBuilder().append(nodes.indexOf(locator.getPrimary(key)));
      for (Iterator<MemcachedNode> sequence = locator.getSequence(key); sequence.hasNext(); ) {
        answer.append(' ').append(nodes.indexOf(sequence.next()));
      }
      return answer.toString();
    }
  }
}
