import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Shows a keystore, copies one, or encrypts as JCEKS does. Passwords are in hexadecimal UTF-8.
 *
 * <pre>
 * dump FORMAT FILE PASSWORD KEYPASSWORD ...
 * copy FORMAT FILE PASSWORD KEYPASSWORD FORMAT FILE PASSWORD KEYPASSWORD SECRETS
 * pbe PASSWORD SALT ROUNDS DATA ...
 * </pre>
 */
public class Store {
	private static final HexFormat HEX = HexFormat.of();

	public static void main(String[] args) throws Exception {
		var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
		Security.setProperty("jdk.jceKeyStore.iterationCount", "10000"); // the least that Java takes
		switch (args[0]) {
			case "dump":
				for (int i = 1; i < args.length; i += 4) {
					dump(out, args[i], args[i + 1], chars(args[i + 2]), chars(args[i + 3]));
				}
				break;
			case "copy":
				copy(args);
				break;
			case "pbe":
				for (int i = 1; i < args.length; i += 4) {
					var key = SecretKeyFactory.getInstance("PBEWithMD5AndTripleDES").generateSecret(new PBEKeySpec(chars(args[i])));
					var cipher = Cipher.getInstance("PBEWithMD5AndTripleDES");
					cipher.init(Cipher.ENCRYPT_MODE, key, new PBEParameterSpec(HEX.parseHex(args[i + 1]), Integer.parseInt(args[i + 2])));
					out.println(HEX.formatHex(cipher.doFinal(HEX.parseHex(args[i + 3]))));
				}
				break;
			default:
				throw new IllegalArgumentException(args[0]);
		}
		out.flush();
	}

	private static char[] chars(String hex) {
		return new String(HEX.parseHex(hex), StandardCharsets.UTF_8).toCharArray();
	}

	private static KeyStore load(String format, String file, char[] password) throws Exception {
		KeyStore store = KeyStore.getInstance(format);
		try (var in = new FileInputStream(file)) {
			store.load(in, password);
		}
		return store;
	}

	private static void dump(PrintStream out, String format, String file, char[] password, char[] keyPassword) throws Exception {
		KeyStore store = load(format, file, password);
		out.println("store");
		for (String alias : Collections.list(store.aliases())) {
			out.print(HEX.formatHex(alias.getBytes(StandardCharsets.UTF_8)) + "- " + store.getCreationDate(alias).getTime());
			Certificate[] chain = store.getCertificateChain(alias);
			if (store.isCertificateEntry(alias)) {
				chain = new Certificate[] {store.getCertificate(alias)};
			}
			for (Certificate c : chain == null ? new Certificate[0] : chain) {
				out.print(" " + sha256(c.getEncoded()));
			}
			Key key = store.isKeyEntry(alias) ? store.getKey(alias, keyPassword) : null;
			if (key instanceof PrivateKey) {
				out.print(" key " + sha256(key.getEncoded()));
			} else if (key != null) {
				out.print(" secret " + key.getAlgorithm() + " " + HEX.formatHex(key.getEncoded()));
			}
			out.println();
		}
	}

	private static void copy(String[] args) throws Exception {
		KeyStore from = load(args[1], args[2], chars(args[3]));
		KeyStore to = KeyStore.getInstance(args[5]);
		to.load(null, null);
		char[] keyPassword = chars(args[8]);
		for (String alias : Collections.list(from.aliases())) {
			if (from.isKeyEntry(alias)) {
				to.setKeyEntry(alias, from.getKey(alias, chars(args[4])), keyPassword, from.getCertificateChain(alias));
			} else {
				to.setCertificateEntry(alias, from.getCertificate(alias));
			}
		}
		for (int i = 0; i < Integer.parseInt(args[9]); i++) {
			byte[] secret = new byte[16 + i];
			to.setKeyEntry("secret " + i, new SecretKeySpec(secret, i % 2 == 0 ? "AES" : "HmacSHA256"), keyPassword, null);
		}
		try (var out = new FileOutputStream(args[6])) {
			to.store(out, chars(args[7]));
		}
	}

	private static String sha256(byte[] data) throws Exception {
		return HEX.formatHex(MessageDigest.getInstance("SHA-256").digest(data));
	}
}
