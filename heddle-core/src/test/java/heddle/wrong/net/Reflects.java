package heddle.wrong.net;

import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;

final class Reflects {
    Method[] methods() {
        return Thread.class.getMethods();
    }

    MethodHandles.Lookup inside() throws IllegalAccessException {
        return MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
    }
}
