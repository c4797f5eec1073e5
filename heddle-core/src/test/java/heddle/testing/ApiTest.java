package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiTest {

    @TempDir
    private Path root;

    @Test
    void fileIsFresh() throws IOException {
        Api.assertFresh("heddle-core");
    }

    @Test
    void onlyWhatOthersCanReachIsListed() throws IOException {
        source("module-info", "module m { exports p; exports q to java.sql; }");
        source("p/Shown", "package p; public class Shown { int a; private int b; void c() {} }");
        source("p/Hidden", "package p; class Hidden { public void run() {} public static class In {} }");
        source("q/ForOne", "package q; public class ForOne {}");
        source("r/Inside", "package r; public class Inside {}");
        assertThat(text()).isEqualTo("""
                        # What module m shows to others; made by mvn -q -Papi.

                        public class p.Shown
                            public Shown()
                        """);
    }

    @Test
    void whatAHiddenSuperclassGivesIsListedOnce() throws IOException {
        source("module-info", "module m { exports p; }");
        source("p/Base", """
                package p;
                abstract class Base<T> extends Thread implements AutoCloseable {
                    protected Base(int n) {}
                    public abstract T get();
                    public void close() {}
                }
                """);
        source("p/Leaf", """
                package p;
                public final class Leaf extends Base<String> {
                    Leaf() { super(1); }
                    @Override public String get() { return ""; }
                }
                """);
        assertThat(text()).endsWith("""

                        public final class p.Leaf extends Thread implements AutoCloseable
                            public void close()
                            public String get()
                        """);
    }

    @Test
    void genericsConstantsAndNullnessAreWritten() throws IOException {
        source("module-info", "module m { exports p; }");
        source("org/jspecify/annotations/Nullable", """
                package org.jspecify.annotations;
                import java.lang.annotation.*;
                @Target(ElementType.TYPE_USE) @Retention(RetentionPolicy.RUNTIME) public @interface Nullable {}
                """);
        source("p/Box", """
                package p;
                import java.util.*;
                import java.util.function.*;
                import org.jspecify.annotations.Nullable;
                public abstract class Box<T extends @Nullable Object, N extends Number & Comparable<N>> {
                    public static final long SIZE = 8;
                    public static final char MARK = ':';
                    public static final boolean FAST = true;
                    protected static final String NAME = "a \\"b\\"\\n";
                    protected volatile @Nullable T last;
                    @Deprecated public Box(String... names) {}
                    public abstract <E extends Exception> void each(Consumer<? super T> to, Class<E> type)
                            throws E, java.io.IOException;
                    public byte @Nullable [] raw() { return null; }
                    public final Map<String, ? extends List<@Nullable N>> map() { return Map.of(); }
                    public static class In { public Map.@Nullable Entry<String, int[]> entry(@Nullable Object o) { return null; } }
                }
                """);
        assertThat(text()).endsWith("""

                        public abstract class p.Box<T extends @Nullable Object, N extends Number & Comparable<N>>
                            @Deprecated public Box(String...)
                            public static final boolean FAST = true
                            public static final char MARK = ':'
                            protected static final String NAME = "a \\"b\\"\\n"
                            public static final long SIZE = 8L
                            public abstract <E extends Exception> void each(java.util.function.Consumer<? super T>, Class<E>) throws E, java.io.IOException
                            protected volatile @Nullable T last
                            public final java.util.Map<String, ? extends java.util.List<@Nullable N>> map()
                            public byte @Nullable [] raw()

                        public static class p.Box.In
                            public In()
                            public @Nullable java.util.Map.Entry<String, int[]> entry(@Nullable Object)
                        """);
    }

    @Test
    void kindsOfClassesAreTold() throws IOException {
        source("module-info", "module m { exports p; }");
        source("p/Shape", "package p; public sealed interface Shape permits Dot, Line {}");
        source("p/Dot", "package p; public record Dot(int x, int y) implements Shape {}");
        source(
                "p/Line",
                "package p; public non-sealed interface Line extends Shape { default int n() {" + " return 1; } }");
        source(
                "p/Way",
                "package p; public enum Way { OUT, BACK { @Override int n() { return 1; } }; int"
                        + " n() { return 0; } }");
        source(
                "p/Mark",
                "package p; public @interface Mark { int value() default 3; Way[] ways() default" + " {Way.OUT}; }");
        assertThat(text()).endsWith("""

                        public record p.Dot(int x, int y) implements Shape
                            public Dot(int, int)
                            public int x()
                            public int y()

                        public interface p.Line extends Shape
                            public default int n()

                        public @interface p.Mark extends java.lang.annotation.Annotation
                            public int value() default 3
                            public Way[] ways() default {OUT}

                        public sealed interface p.Shape permits Dot, Line

                        public enum p.Way
                            enum constant BACK
                            enum constant OUT
                        """);
    }

    @Test
    void changesNameTheClass() {
        String before = """
                # x

                public class p.A
                    public A()
                    public int n()

                public class p.B
                """;
        String after = before.replace("int n", "long n").replace("class p.B", "final class p.B");
        assertThat(Api.changes(before, after))
                .containsExactlyInAnyOrder(
                        "- p.A: public int n()",
                        "+ p.A: public long n()",
                        "- public class p.B",
                        "+ public final class p.B");
        assertThat(Api.changes("a\nb\n", "a\nb\n")).isEmpty();
        assertThat(Api.changes("a\nb\n", "b\na\n")).isNotEmpty();
    }

    private void source(String path, String text) throws IOException {
        Path file = root.resolve("src").resolve(path + ".java");
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** The API of the sources. */
    private String text() throws IOException {
        Path classes = root.resolve("classes");
        List<Path> sources = new ArrayList<>();
        try (var files = Files.walk(root.resolve("src"))) {
            files.filter(f -> f.toString().endsWith(".java")).forEach(sources::add);
        }
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            List<String> options =
                    List.of("-d", classes.toString(), "-proc:none", "--add-modules", "java.sql", "-Xlint:none");
            assertThat(compiler.getTask(null, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
                            .call())
                    .isTrue();
        }
        return Api.text(classes);
    }
}
