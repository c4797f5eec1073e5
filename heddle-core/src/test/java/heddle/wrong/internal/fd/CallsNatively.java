package heddle.wrong.internal.fd;

import java.lang.foreign.Linker;

final class CallsNatively {
    final Linker linker = Linker.nativeLinker();
}
