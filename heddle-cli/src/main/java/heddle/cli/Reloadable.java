package heddle.cli;

import java.io.IOException;

/** A part of a running server that takes over what a reload has read; one for each reload, with the new options. */
interface Reloadable {

    /**
     * Checks and reads all, and changes nothing.
     *
     * @return puts it in place; cannot fail, and drops no client that is still allowed
     * @throws IOException something is wrong, so that the whole reload changes nothing
     */
    Runnable prepare() throws IOException;
}
