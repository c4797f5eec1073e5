package heddle.internal.trace;

/** Which modules beyond java.base this JVM has, and lets this code see: none of them is needed. */
final class Modules {

    private Modules() {}

    /** Whether classes that use {@code name} may be loaded. */
    static boolean has(String name) {
        return ModuleLayer.boot()
                .findModule(name)
                .filter(Modules.class.getModule()::canRead)
                .isPresent();
    }
}
