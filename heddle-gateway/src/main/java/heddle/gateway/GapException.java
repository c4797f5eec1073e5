package heddle.gateway;

import java.io.IOException;
import java.io.Serial;

/** A reader has come to messages that are missing. It can be asked for what is behind them. */
public final class GapException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    private final Gap gap;

    GapException(String folder, Gap gap) {
        super("data folder " + folder + ": " + gap);
        this.gap = gap;
    }

    /**
     * What is missing.
     *
     * @return the numbers and why
     */
    public Gap gap() {
        return gap;
    }
}
