import java.io.FileInputStream;
import java.security.Key;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.HexFormat;

/** Prints the entries of PKCS #12 keystores as Java enumerates them: FILE PASSWORD, and so on. */
public class ListStore {
    public static void main(String[] args) throws Exception {
        HexFormat hex = HexFormat.of();
        for (int i = 0; i < args.length; i += 2) {
            char[] password = args[i + 1].toCharArray();
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (FileInputStream in = new FileInputStream(args[i])) {
                store.load(in, password);
            }
            System.out.println("store " + args[i]);
            for (String alias : Collections.list(store.aliases())) {
                StringBuilder line = new StringBuilder(hex.formatHex(alias.getBytes("UTF-8")));
                Certificate[] chain = new Certificate[0];
                if (store.isCertificateEntry(alias)) {
                    line.append(" trusted -");
                    chain = new Certificate[] {store.getCertificate(alias)};
                } else {
                    Key key = store.getKey(alias, password);
                    boolean secret = store.entryInstanceOf(alias, KeyStore.SecretKeyEntry.class);
                    line.append(secret ? " secret " : " key ").append(store.getCreationDate(alias).getTime());
                    if (store.getCertificateChain(alias) != null) {
                        chain = store.getCertificateChain(alias);
                        line.append(fits((PrivateKey) key, chain[0]) ? " fits" : " other");
                    }
                }
                for (Certificate c : chain) {
                    line.append(' ').append(hex.formatHex(MessageDigest.getInstance("SHA-256").digest(c.getEncoded())));
                }
                System.out.println(line);
            }
        }
    }

    /** Reports whether the certificate is that of the key. */
    static boolean fits(PrivateKey key, Certificate certificate) throws Exception {
        String kind = key.getAlgorithm();
        Signature signature = Signature.getInstance(kind.equals("EdDSA") ? kind : "SHA256with" + (kind.equals("EC") ? "ECDSA" : kind));
        signature.initSign(key);
        signature.update((byte) 1); // Ed25519 takes nothing for a signature of nothing
        byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update((byte) 1);
        return signature.verify(signed);
    }
}
