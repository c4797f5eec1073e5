package heddle.admin;

import org.jspecify.annotations.Nullable;

/** JSON as text, written front to back; commas come by themselves. One thread. RFC 8259. */
final class Json {

    private final StringBuilder out = new StringBuilder();

    Json object() {
        separate();
        out.append('{');
        return this;
    }

    Json array() {
        separate();
        out.append('[');
        return this;
    }

    Json endObject() {
        out.append('}');
        return this;
    }

    Json endArray() {
        out.append(']');
        return this;
    }

    /** What comes next is the value of this name. */
    Json name(String name) {
        separate();
        quote(name);
        out.append(':');
        return this;
    }

    Json value(@Nullable String text) {
        separate();
        if (text == null) {
            out.append("null");
        } else {
            quote(text);
        }
        return this;
    }

    Json value(long number) {
        separate();
        out.append(number);
        return this;
    }

    /** What is no number is null. */
    Json value(double number) {
        separate();
        if (Double.isFinite(number)) {
            out.append(number);
        } else {
            out.append("null");
        }
        return this;
    }

    Json value(boolean truth) {
        separate();
        out.append(truth);
        return this;
    }

    Json field(String name, @Nullable String text) {
        return name(name).value(text);
    }

    Json field(String name, long number) {
        return name(name).value(number);
    }

    Json field(String name, boolean truth) {
        return name(name).value(truth);
    }

    private void separate() {
        int length = out.length();
        if (length > 0 && "{[:".indexOf(out.charAt(length - 1)) < 0) {
            out.append(',');
        }
    }

    /** Control characters, half a pair, and what ends a line in a script become escapes. */
    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean paired = isPair(c, i + 1 < text.length() ? text.charAt(i + 1) : 0)
                    || isPair(i > 0 ? text.charAt(i - 1) : 0, c);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c < ' ' || c == 0x7f || c == 0x2028 || c == 0x2029 || (Character.isSurrogate(c) && !paired)) {
                out.append("\\u%04x".formatted((int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private static boolean isPair(int high, int low) {
        return Character.isHighSurrogate((char) high) && Character.isLowSurrogate((char) low);
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
