package heddle.testing;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Runs test methods on a virtual thread of the runtime under test, where its users' code runs. A time-out interrupts
 * that thread.
 */
final class OnVirtualThread implements InvocationInterceptor {

    /** For a test that was told to end: then its thread is given up. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> test, ExtensionContext context)
            throws Throwable {
        run(invocation, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> test, ExtensionContext context)
            throws Throwable {
        run(invocation, context);
    }

    private static void run(Invocation<Void> invocation, ExtensionContext context) throws Throwable {
        var thrown = new AtomicReference<Throwable>();
        Thread thread = Runtimes.current()
                .ofVirtual()
                .name("test " + context.getDisplayName())
                .start(() -> {
                    try {
                        invocation.proceed();
                    } catch (Throwable failure) {
                        thrown.set(failure);
                    }
                });
        try {
            thread.join();
        } catch (InterruptedException timedOut) {
            System.err.println(ThreadDump.take());
            thread.interrupt();
            thread.join(LAST_WORDS);
            Throwable last = thrown.get();
            if (last != null) {
                timedOut.addSuppressed(last);
            }
            throw timedOut;
        }
        if (thrown.get() != null) {
            throw thrown.get();
        }
    }
}
