package heddle.wrong.internal.poll;

public final class Monitors {
    private int count;

    synchronized void synchronizedMethod() {
        count++;
    }

    void synchronizedBlock() {
        synchronized (this) {
            count++;
        }
    }

    Runnable inALambda() {
        return () -> {
            synchronized (this) {
                count++;
            }
        };
    }

    synchronized void waits() throws InterruptedException {
        while (count == 0) {
            wait();
        }
    }
}
