package heddle.internal.trace;

import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Reads JSON (RFC 8259) and hands out the objects that have a certain key, one by one, keeping none of them: a dump may have more threads
 * than memory has room for. Numbers, true, false and null come as text, since the JDK 25 writes numbers as text and later ones do not.
 */
final class JsonObjects {

    private final Reader in;
    private final String key;
    private final Consumer<Map<String, Object>> visitor;

    /** The character that is next; -1 at the end. */
    private int next;

    /** Hands the objects of {@code in} that have {@code key} to {@code visitor}. */
    JsonObjects(Reader in, String key, Consumer<Map<String, Object>> visitor) {
        this.in = in;
        this.key = key;
        this.visitor = visitor;
    }

    /** Reads to the end of the first value. */
    void read() throws IOException {
        next = in.read();
        value();
    }

    private Object value() throws IOException {
        skipBlanks();
        return switch (next) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            default -> literal();
        };
    }

    private Map<String, Object> object() throws IOException {
        Map<String, Object> members = new HashMap<>();
        expect('{');
        while (!at('}')) {
            skipBlanks();
            String name = string();
            skipBlanks();
            expect(':');
            members.put(name, value());
            if (!at('}')) {
                expect(',');
            }
        }
        expect('}');
        if (members.containsKey(key)) {
            visitor.accept(members);
            return Map.of();
        }
        return members;
    }

    private List<Object> array() throws IOException {
        List<Object> elements = new ArrayList<>();
        expect('[');
        while (!at(']')) {
            Object element = value();
            if (!(element instanceof Map)) {
                elements.add(element);
            }
            if (!at(']')) {
                expect(',');
            }
        }
        expect(']');
        return elements;
    }

    private String string() throws IOException {
        StringBuilder text = new StringBuilder();
        expect('"');
        while (next != '"') {
            text.append(next == '\\' ? escaped() : (char) take());
        }
        expect('"');
        return text.toString();
    }

    private char escaped() throws IOException {
        expect('\\');
        int kind = take();
        return switch (kind) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int unit = 0;
                for (int i = 0; i < 4; i++) {
                    unit = unit << 4 | Character.digit(take(), 16);
                }
                yield (char) unit;
            }
            default -> (char) kind;
        };
    }

    private String literal() throws IOException {
        StringBuilder text = new StringBuilder();
        while (Character.isLetterOrDigit(next) || "+-.".indexOf(next) >= 0) {
            text.append((char) take());
        }
        if (text.isEmpty()) {
            throw unexpected();
        }
        return text.toString();
    }

    private boolean at(char wanted) throws IOException {
        skipBlanks();
        return next == wanted;
    }

    private void skipBlanks() throws IOException {
        while (next == ' ' || next == '\n' || next == '\r' || next == '\t') {
            take();
        }
    }

    private void expect(char wanted) throws IOException {
        if (next != wanted) {
            throw unexpected();
        }
        take();
    }

    private int take() throws IOException {
        int taken = next;
        if (taken < 0) {
            throw new EOFException("JSON ends too early");
        }
        next = in.read();
        return taken;
    }

    private IOException unexpected() {
        return next < 0
                ? new EOFException("JSON ends too early")
                : new IOException("unexpected in JSON: '" + (char) next + "'");
    }
}
