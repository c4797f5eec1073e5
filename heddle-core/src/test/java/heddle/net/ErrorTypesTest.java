package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import heddle.testing.Behaviour;
import java.io.IOException;
import java.io.Serial;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ErrorTypesTest {

    /** So that one catch clause, or one instanceof, sees them all with their operation, addresses and errno. */
    @Test
    @Behaviour(45)
    void everyExceptionIsAnIoExceptionAndANetError() {
        List<JavaClass> exceptions = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("heddle.net").stream()
                        .filter(c -> c.isAssignableTo(Throwable.class))
                        .toList();
        assertThat(exceptions)
                .hasSizeGreaterThan(8)
                .allMatch(c -> c.isAssignableTo(IOException.class))
                .allMatch(c -> c.isAssignableTo(NetError.class))
                .allMatch(c -> c.getModifiers().contains(JavaModifier.FINAL))
                .allMatch(c -> c.getModifiers().contains(JavaModifier.PUBLIC));
    }

    private static final NetError.Details DETAILS =
            new NetError.Details("write", "tcp", PipeAddr.INSTANCE, PipeAddr.INSTANCE, Errno.EPIPE, false, 3);

    /** Of a connection that is not of this library. */
    private static class OwnException extends IOException implements NetError {

        @Serial
        private static final long serialVersionUID = 1;

        final Details details;

        OwnException(Details details, @Nullable Throwable cause) {
            super("own", cause);
            this.details = details;
        }

        @Override
        public Details details() {
            return details;
        }
    }

    private static final class CountedException extends OwnException {

        @Serial
        private static final long serialVersionUID = 1;

        CountedException(Details details, @Nullable Throwable cause) {
            super(details, cause);
        }

        @Override
        public IOException withDetails(Details other) {
            return new CountedException(other, this);
        }
    }

    @Test
    void countedFailureIsTheSameWithItsCount() {
        for (IOException failure : List.of(
                new DeadlineExceededException(DETAILS, "i/o timeout"),
                new CallInterruptedException(DETAILS, "interrupted"),
                new ConnClosedException(DETAILS, "closed"),
                ConnClosedException.ofPipe(DETAILS),
                new ConnResetException(DETAILS, "broken pipe"),
                new NetException(DETAILS, "no route"),
                new CountedException(DETAILS, null))) {
            IOException counted = NetError.counted(failure, 7);
            assertThat(counted)
                    .isExactlyInstanceOf(failure.getClass())
                    .hasMessage(failure.getMessage())
                    .hasCause(failure);
            assertThat(((NetError) counted).bytesTransferred()).isEqualTo(7);
            assertThat(((NetError) counted).errno()).isEqualTo(Errno.EPIPE);
            assertThat(NetError.counted(failure, 3)).isSameAs(failure);
        }
        IOException plain = new IOException("no connection's");
        assertThat(NetError.counted(plain, 7)).isSameAs(plain);
        IOException own = new OwnException(DETAILS, null);
        assertThat(NetError.counted(own, 7)).isSameAs(own);
    }
}
