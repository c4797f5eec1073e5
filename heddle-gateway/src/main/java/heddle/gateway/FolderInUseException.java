package heddle.gateway;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/** Another server writes into the data folder. It is free again when that server has ended, however it ends. */
public final class FolderInUseException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    FolderInUseException(Path folder) {
        super("data folder " + folder + ": in use by another server; stop that one, or choose another folder"
                + " (serve --data DIR)");
    }
}
