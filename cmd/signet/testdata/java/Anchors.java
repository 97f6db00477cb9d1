import java.io.File;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.TreeSet;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Prints the SHA-256 of every trust anchor that a TrustManager takes from a keystore: file, password or -. */
public class Anchors {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < args.length; i += 2) {
            char[] password = args[i + 1].equals("-") ? null : args[i + 1].toCharArray();
            KeyStore store = KeyStore.getInstance(new File(args[i]), password);
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            TreeSet<String> sums = new TreeSet<>();
            for (TrustManager manager : factory.getTrustManagers()) {
                for (X509Certificate c : ((X509TrustManager) manager).getAcceptedIssuers()) {
                    sums.add(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(c.getEncoded())));
                }
            }
            System.out.println(store.size() + " " + String.join(" ", sums));
        }
    }
}
