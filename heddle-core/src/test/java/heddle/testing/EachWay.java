package heddle.testing;

import heddle.net.Way;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterClassTemplateInvocationCallback;
import org.junit.jupiter.api.extension.ClassTemplateInvocationContext;
import org.junit.jupiter.api.extension.ClassTemplateInvocationContextProvider;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Runs a test class once for each way, on that way's runtime; with -Dheddle.way in that one alone. */
final class EachWay implements ClassTemplateInvocationContextProvider {

    @Override
    public boolean supportsClassTemplate(ExtensionContext context) {
        return true;
    }

    @Override
    public Stream<ClassTemplateInvocationContext> provideClassTemplateInvocationContexts(ExtensionContext context) {
        String only = System.getProperty("heddle.way");
        return Arrays.stream(Way.values())
                .filter(way ->
                        only == null ? way != Way.URING || Boolean.getBoolean("test.uring") : only.equals(label(way)))
                .map(InOne::new);
    }

    /** As -Dheddle.way has it. */
    static String label(Way way) {
        return way.name().toLowerCase(Locale.ROOT);
    }

    /** The class in one way. */
    private record InOne(Way way) implements ClassTemplateInvocationContext, AfterClassTemplateInvocationCallback {

        @Override
        public String getDisplayName(int index) {
            return label(way);
        }

        @Override
        public void prepareInvocation(ExtensionContext context) {
            try {
                Runtimes.enter(way);
            } catch (IOException refused) {
                throw new UncheckedIOException(refused);
            } catch (InterruptedException timedOut) {
                throw new IllegalStateException(timedOut);
            }
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(this, (ExecutionCondition) this::isPossible);
        }

        /** Whether the system has the way; what {@link NotIn} says, which each method is asked for. */
        private ConditionEvaluationResult isPossible(ExtensionContext context) {
            if (Runtimes.current().way() != way) {
                return ConditionEvaluationResult.disabled(Runtimes.current().describe());
            }
            return context.getElement()
                    .flatMap(element -> AnnotationSupport.findAnnotation(element, NotIn.class))
                    .or(() ->
                            context.getTestClass().flatMap(type -> AnnotationSupport.findAnnotation(type, NotIn.class)))
                    .filter(not -> not.value() == way)
                    .map(not -> ConditionEvaluationResult.disabled(not.because()))
                    .orElseGet(() -> ConditionEvaluationResult.enabled("possible"));
        }

        @Override
        public void afterClassTemplateInvocation(ExtensionContext context) {
            Runtimes.leave();
        }
    }
}
