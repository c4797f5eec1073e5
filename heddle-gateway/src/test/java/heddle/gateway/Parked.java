package heddle.gateway;

import heddle.testing.Await;
import heddle.testing.Task;
import java.util.Arrays;
import java.util.List;

/** Tells by a task's stack where it waits. */
final class Parked {

    private Parked() {}

    /** Waits until the task waits in a method {@code callee}, called within one named {@code caller}. */
    static void await(Task<?> task, String caller, String callee) throws Exception {
        Await.until(() -> "a task in " + callee + ", it is in " + methods(task), () -> {
            var state = task.thread().getState();
            var methods = methods(task);
            return (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)
                    && methods.contains(caller)
                    && methods.contains(callee);
        });
    }

    private static List<String> methods(Task<?> task) {
        return Arrays.stream(task.thread().getStackTrace())
                .map(StackTraceElement::getMethodName)
                .toList();
    }
}
