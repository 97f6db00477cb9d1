import java.io.ByteArrayInputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.HexFormat;

/**
 * Loads the keystores 0, 1, 2 ... of a folder and prints for each the certificate, by its SHA-256,
 * and the length of the chain of the first private key, of the private key under the alias
 * WEBSERVER, and of the one under CAE_AGENT_PORTAL.
 */
public class FirstKey {
	public static void main(String[] args) throws Exception {
		var out = new StringBuilder();
		for (int i = 0; Files.exists(Path.of(args[0], Integer.toString(i))); i++) {
			byte[] file = Files.readAllBytes(Path.of(args[0], Integer.toString(i)));
			KeyStore store = KeyStore.getInstance((file[0] & 0xff) == 0xce ? "JCEKS" : "JKS");
			store.load(new ByteArrayInputStream(file), args[1].toCharArray());
			String first = null;
			for (String alias : Collections.list(store.aliases())) {
				if (first == null && store.isKeyEntry(alias)) {
					first = alias;
				}
			}
			out.append(chain(store, first)).append(' ');
			out.append(chain(store, "WEBSERVER")).append(' ');
			out.append(chain(store, "CAE_AGENT_PORTAL")).append('\n');
		}
		try (var to = new PrintStream(System.out, false, StandardCharsets.UTF_8)) {
			to.print(out);
		}
	}

	private static String chain(KeyStore store, String alias) throws Exception {
		if (alias == null || !store.isKeyEntry(alias)) {
			return "none";
		}
		Certificate[] chain = store.getCertificateChain(alias);
		byte[] sum = MessageDigest.getInstance("SHA-256").digest(chain[0].getEncoded());
		return HexFormat.of().formatHex(sum) + "/" + chain.length;
	}
}
