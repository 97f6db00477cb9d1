import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.HexFormat;

/**
 * Prints what KeyStore shows of each keystore in a file of keystores, which are each after their
 * length: the aliases as enumerated, in hexadecimal UTF-8, with the kind, the creation time and
 * the serial number of a trusted certificate that a look-up finds.
 */
public class Enumerate {
	public static void main(String[] args) throws Exception {
		var out = new StringBuilder();
		var in = new DataInputStream(new ByteArrayInputStream(Files.readAllBytes(Path.of(args[1]))));
		while (in.available() > 0) {
			byte[] file = in.readNBytes(in.readInt());
			KeyStore store = KeyStore.getInstance(args[0]);
			store.load(new ByteArrayInputStream(file), null);
			out.append("store ").append(store.size()).append('\n');
			for (String alias : Collections.list(store.aliases())) {
				String kind = store.isKeyEntry(alias) ? "key" : store.isCertificateEntry(alias) ? "certificate" : "none";
				var date = store.getCreationDate(alias);
				var certificate = store.isCertificateEntry(alias) ? (X509Certificate) store.getCertificate(alias) : null;
				out.append("alias ").append(HexFormat.of().formatHex(alias.getBytes(StandardCharsets.UTF_8)));
				out.append("- ").append(kind).append(' ').append(date == null ? 0 : date.getTime());
				out.append(' ').append(certificate == null ? "-" : certificate.getSerialNumber()).append('\n');
			}
		}
		try (var to = new PrintStream(System.out, false, StandardCharsets.UTF_8)) {
			to.print(out);
		}
	}
}
