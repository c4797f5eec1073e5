package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import heddle.testing.Behaviour;
import java.io.IOException;
import java.util.List;
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
}
