import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Prints what String.toLowerCase(Locale.ENGLISH) makes of every code point, and of each line of
 * a file of strings, which are in hexadecimal UTF-8.
 */
public class Fold {
	private static final HexFormat HEX = HexFormat.of();

	public static void main(String[] args) throws Exception {
		var out = new StringBuilder();
		for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
			if (Character.getType(c) == Character.SURROGATE) {
				continue;
			}
			if (!Character.isDefined(c)) {
				out.append("undefined ").append(Integer.toHexString(c)).append('\n');
				continue;
			}
			String s = Character.toString(c);
			String lower = s.toLowerCase(Locale.ENGLISH);
			if (!s.equals(lower)) {
				out.append("lower ").append(Integer.toHexString(c)).append(' ').append(hex(lower)).append('\n');
			}
		}
		for (String line : Files.readAllLines(Path.of(args[0]))) {
			String s = new String(HEX.parseHex(line), StandardCharsets.UTF_8);
			out.append("string ").append(line).append(' ').append(hex(s.toLowerCase(Locale.ENGLISH))).append('\n');
		}
		try (var to = new PrintStream(System.out, false, StandardCharsets.UTF_8)) {
			to.print(out);
		}
	}

	private static String hex(String s) {
		return HEX.formatHex(s.getBytes(StandardCharsets.UTF_8));
	}
}
