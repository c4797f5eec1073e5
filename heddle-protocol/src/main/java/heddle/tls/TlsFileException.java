package heddle.tls;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/** A certificate, key or authority cannot be used; the message says which file, what is wrong and what to do. */
public final class TlsFileException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    private final transient Path file;

    TlsFileException(Path file, String wrong) {
        super(file + ": " + wrong);
        this.file = file;
    }

    TlsFileException(Path file, String wrong, Throwable cause) {
        this(file, wrong);
        initCause(cause);
    }

    /**
     * The file.
     *
     * @return its path as it was given
     */
    public Path file() {
        return file;
    }
}
