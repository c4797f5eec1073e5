package heddle.testing;

import java.io.IOException;
import java.lang.classfile.AnnotationValue;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassSignature;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodSignature;
import java.lang.classfile.Signature;
import java.lang.classfile.TypeAnnotation;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.classfile.attribute.RecordComponentInfo;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Writes down what a module shows to others, as text. docs/api has such a file for each module that is a library, `mvn
/// -q -Papi` makes them anew, and the module's test `ApiTest` fails when its file is stale. So a change of the API is
/// seen as one.
///
/// It reads class files: those of the packages that module-info exports to all. For each class there is a line with its
/// kind, its supertypes and permitted subclasses, then one for each member that is public or protected, sorted. What a
/// class inherits from one that nobody outside can name is listed with it. Types of java.lang and of the class's own
/// package go without their package.
///
/// Left out: what the compiler made up (bridges, an enum's valueOf, a record's hashCode), names of parameters,
/// annotations other than Deprecated and jspecify's Nullable.
///
/// Runs by the java launcher too, and needs nothing on the class path.
public final class Api {

    private static final String NULLABLE = "Lorg/jspecify/annotations/Nullable;";

    private static final Set<AccessFlag> SHOWN = Set.of(AccessFlag.PUBLIC, AccessFlag.PROTECTED);

    /** All classes of the module, by internal name. */
    private final Map<String, ClassModel> classes = new TreeMap<>();

    private final Set<String> exported = new TreeSet<>();
    private String module = "";

    private Api() {}

    /** Writes the API of the classes in the first directory to the file. */
    public static void main(String[] args) throws IOException {
        Path file = Path.of(args[1]);
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, text(Path.of(args[0])));
    }

    /**
     * Fails with what has changed if the module's file in docs/api is not what its class files, below the working
     * directory, say.
     */
    public static void assertFresh(String module) throws IOException {
        Path file = Path.of("../docs/api", module + ".txt");
        String kept = Files.exists(file) ? Files.readString(file) : "";
        List<String> changes = changes(kept, text(Path.of("target/classes")));
        if (!changes.isEmpty()) {
            throw new AssertionError("The public API differs from docs/api/"
                    + module
                    + ".txt (- as there, + as compiled):\n"
                    + String.join("\n", changes)
                    + "\nIf that is meant, run: mvn -q -Papi");
        }
    }

    /**
     * The lines of one text that the other has not, each with the class it belongs to; empty if the texts are equal.
     */
    static List<String> changes(String before, String after) {
        List<String> changes = new ArrayList<>();
        Set<String> old = members(before);
        Set<String> now = members(after);
        for (String member :
                Stream.of(old, now).flatMap(Set::stream).sorted().distinct().toList()) {
            if (!now.contains(member)) {
                changes.add("- " + member);
            } else if (!old.contains(member)) {
                changes.add("+ " + member);
            }
        }
        if (changes.isEmpty() && !before.equals(after)) {
            changes.add("  (the same lines in another order)");
        }
        return changes;
    }

    /** Each line; a member's has the name of its class before it. */
    private static Set<String> members(String text) {
        Set<String> members = new TreeSet<>();
        String owner = "";
        for (String line : text.lines().toList()) {
            if (line.startsWith("    ")) {
                members.add(owner + ": " + line.strip());
            } else if (!line.isEmpty()) {
                owner = line.replaceFirst("^.*\\b(class|interface|enum|record) ([\\w.]+).*$", "$2");
                members.add(line);
            }
        }
        return members;
    }

    /** The API of the module whose class files are in {@code directory}. */
    static String text(Path directory) throws IOException {
        var api = new Api();
        api.readAll(directory);
        var text = new StringBuilder("# What module ")
                .append(api.module)
                .append(" shows to others; made by mvn -q -Papi.\n");
        for (ClassModel type : api.classes.values()) {
            if (api.isShown(type)) {
                text.append('\n').append(api.header(type)).append('\n');
                api.members(type).forEach(m -> text.append("    ").append(m).append('\n'));
            }
        }
        return text.toString();
    }

    private void readAll(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                ClassModel type = ClassFile.of().parse(file);
                classes.put(type.thisClass().asInternalName(), type);
            }
        }
        ClassModel moduleInfo = classes.remove("module-info");
        if (moduleInfo == null) {
            throw new IllegalArgumentException(directory + " has no module-info.class");
        }
        var attribute = moduleInfo.findAttribute(Attributes.module()).orElseThrow();
        module = attribute.moduleName().name().stringValue();
        attribute.exports().stream()
                .filter(e -> e.exportsTo().isEmpty())
                .forEach(e -> exported.add(e.exportedPackage().name().stringValue()));
    }

    /** Whether code of another module can name the class, or if it is protected a subclass there can. */
    private boolean isShown(ClassModel type) {
        String name = type.thisClass().asInternalName();
        if (!exported.contains(name.substring(0, name.lastIndexOf('/')))) {
            return false;
        }
        Optional<InnerClassInfo> inner = inner(type);
        if (inner.isEmpty()) {
            return type.flags().has(AccessFlag.PUBLIC);
        }
        return inner.get().outerClass().isPresent()
                && inner.get().flags().stream().anyMatch(SHOWN::contains)
                && isShown(classes.get(inner.get().outerClass().get().asInternalName()));
    }

    private static Optional<InnerClassInfo> inner(ClassModel type) {
        return type.findAttribute(Attributes.innerClasses()).stream()
                .flatMap(a -> a.classes().stream())
                .filter(i -> i.innerClass().equals(type.thisClass()))
                .findFirst();
    }

    private String header(ClassModel type) {
        Set<AccessFlag> flags =
                inner(type).map(InnerClassInfo::flags).orElse(type.flags().flags());
        var names = new Names(type);
        var signature = signature(type);
        boolean isInterface = flags.contains(AccessFlag.INTERFACE);
        boolean isRecord = type.findAttribute(Attributes.record()).isPresent();
        boolean isEnum = flags.contains(AccessFlag.ENUM);
        var line = new StringBuilder();
        flag(line, flags, AccessFlag.PUBLIC);
        flag(line, flags, AccessFlag.PROTECTED);
        if (!isInterface && !isRecord && !isEnum) {
            flag(line, flags, AccessFlag.STATIC);
            flag(line, flags, AccessFlag.ABSTRACT);
            flag(line, flags, AccessFlag.FINAL);
        }
        var permitted = type.findAttribute(Attributes.permittedSubclasses());
        boolean isSealed = permitted.isPresent() && !isEnum;
        line.append(isSealed ? "sealed " : "");
        line.append(
                flags.contains(AccessFlag.ANNOTATION)
                        ? "@interface "
                        : isInterface ? "interface " : isRecord ? "record " : isEnum ? "enum " : "class ");
        line.append(type.thisClass()
                .asSymbol()
                .descriptorString()
                .replaceAll("^L|;$", "")
                .replaceAll("[/$]", "."));
        line.append(names.typeParameters(signature.typeParameters(), type, true));
        if (isRecord) {
            line.append(type.findAttribute(Attributes.record()).get().components().stream()
                    .map(c -> names.component(c) + " " + c.name().stringValue())
                    .collect(Collectors.joining(", ", "(", ")")));
        }
        List<String> supertypes = new ArrayList<>();
        List<String> interfaces = new ArrayList<>();
        supertypes(type, names, supertypes, interfaces);
        if (!supertypes.isEmpty() && !isRecord && !isEnum) {
            line.append(" extends ").append(supertypes.getFirst());
        }
        if (!interfaces.isEmpty()) {
            line.append(isInterface ? " extends " : " implements ");
            line.append(String.join(", ", interfaces));
        }
        if (isSealed) {
            line.append(" permits ");
            line.append(permitted.get().permittedSubclasses().stream()
                    .map(names::of)
                    .collect(Collectors.joining(", ")));
        }
        return deprecated(type) + line;
    }

    /**
     * The nearest superclass that can be named, unless it is Object, and the interfaces of the class and of what is
     * between.
     */
    private void supertypes(ClassModel type, Names names, List<String> supertypes, List<String> interfaces) {
        ClassSignature signature = signature(type);
        signature.superinterfaceSignatures().stream()
                .map(i -> names.of(i))
                .filter(i -> !interfaces.contains(i))
                .forEach(interfaces::add);
        ClassModel hidden = hiddenParent(type);
        if (hidden != null) {
            supertypes(hidden, names, supertypes, interfaces);
        } else if (!signature
                .superclassSignature()
                .classDesc()
                .descriptorString()
                .equals("Ljava/lang/Object;")) {
            supertypes.add(names.of(signature.superclassSignature()));
        }
    }

    /** The superclass if it is the module's and nobody outside can name it. */
    private ClassModel hiddenParent(ClassModel type) {
        ClassModel parent = type.superclass()
                .map(ClassEntry::asInternalName)
                .map(classes::get)
                .orElse(null);
        return parent == null || isShown(parent) ? null : parent;
    }

    private List<String> members(ClassModel type) {
        // By name and parameters, so that what a subclass overrides is listed once.
        Map<String, String> lines = new TreeMap<>();
        var names = new Names(type);
        for (ClassModel from = type; from != null; from = hiddenParent(from)) {
            for (FieldModel field : from.fields()) {
                if (isShown(field.flags().flags())) {
                    lines.putIfAbsent(field.fieldName().stringValue(), names.field(field));
                }
            }
            for (MethodModel method : from.methods()) {
                String name = method.methodName().stringValue();
                boolean isConstructor = name.equals("<init>");
                if (isShown(method.flags().flags()) && !(isConstructor && from != type) && !isMadeUp(method, type)) {
                    lines.putIfAbsent(
                            name + method.methodTypeSymbol().displayDescriptor().replaceAll("\\).*", ""),
                            names.method(method));
                }
            }
        }
        return List.copyOf(lines.values());
    }

    private static boolean isShown(Set<AccessFlag> flags) {
        return flags.stream().anyMatch(SHOWN::contains) && !flags.contains(AccessFlag.SYNTHETIC);
    }

    /**
     * Whether the compiler wrote the method, as it does for every enum and every record that has no such method of its
     * own.
     */
    private static boolean isMadeUp(MethodModel method, ClassModel type) {
        String head =
                method.methodName().stringValue() + method.methodTypeSymbol().displayDescriptor();
        if (type.flags().has(AccessFlag.ENUM)) {
            return method.flags().has(AccessFlag.STATIC) && head.matches("values\\(\\).*|valueOf\\(String\\).*");
        }
        return type.findAttribute(Attributes.record()).isPresent()
                && method.flags().has(AccessFlag.FINAL)
                && head.matches("toString\\(\\).*|hashCode\\(\\).*|equals\\(Object\\).*");
    }

    private static ClassSignature signature(ClassModel type) {
        return type.findAttribute(Attributes.signature())
                .map(a -> a.asClassSignature())
                .orElseGet(() -> ClassSignature.of(
                        Signature.ClassTypeSig.of(
                                type.superclass().orElse(type.thisClass()).asSymbol()),
                        type.interfaces().stream()
                                .map(i -> Signature.ClassTypeSig.of(i.asSymbol()))
                                .toArray(Signature.ClassTypeSig[]::new)));
    }

    private static void flag(StringBuilder line, Set<AccessFlag> flags, AccessFlag flag) {
        if (flags.contains(flag)) {
            line.append(flag.name().toLowerCase(Locale.ROOT)).append(' ');
        }
    }

    private static String deprecated(AttributedElement element) {
        return element.findAttribute(Attributes.deprecated()).isPresent() ? "@Deprecated " : "";
    }

    /** Writes signatures as they stand in a source of the class's package. */
    private static final class Names {

        /**
         * Where in what is being written a Nullable stands: kind of place, its number, and the path into the type
         * there.
         */
        private Set<String> nullable = Set.of();

        private final String ownPackage;

        Names(ClassModel type) {
            this.ownPackage = type.thisClass().asSymbol().packageName();
        }

        String field(FieldModel field) {
            nullable = nullable(field);
            Signature type = field.findAttribute(Attributes.signature())
                    .map(a -> a.asTypeSignature())
                    .orElseGet(() -> Signature.of(field.fieldTypeSymbol()));
            String value = field.findAttribute(Attributes.constantValue())
                    .map(a -> " = " + constant(a.constant().constantValue(), type))
                    .orElse("");
            if (field.flags().has(AccessFlag.ENUM)) {
                return deprecated(field) + "enum constant " + field.fieldName().stringValue();
            }
            var line = new StringBuilder(deprecated(field));
            Set<AccessFlag> flags = field.flags().flags();
            Stream.of(AccessFlag.PUBLIC, AccessFlag.PROTECTED, AccessFlag.STATIC, AccessFlag.FINAL, AccessFlag.VOLATILE)
                    .forEach(f -> flag(line, flags, f));
            return line + of(type, "FIELD") + " " + field.fieldName().stringValue() + value;
        }

        String method(MethodModel method) {
            nullable = nullable(method);
            MethodSignature signature = method.findAttribute(Attributes.signature())
                    .map(a -> a.asMethodSignature())
                    .orElseGet(() -> MethodSignature.of(method.methodTypeSymbol()));
            ClassModel owner = method.parent().orElseThrow();
            Set<AccessFlag> flags = method.flags().flags();
            var line = new StringBuilder(deprecated(method));
            flag(line, flags, AccessFlag.PUBLIC);
            flag(line, flags, AccessFlag.PROTECTED);
            flag(line, flags, AccessFlag.STATIC);
            if (!owner.flags().has(AccessFlag.INTERFACE)) {
                flag(line, flags, AccessFlag.ABSTRACT);
            } else if (!flags.contains(AccessFlag.ABSTRACT) && !flags.contains(AccessFlag.STATIC)) {
                line.append("default ");
            }
            flag(line, flags, AccessFlag.FINAL);
            String parameters = typeParameters(signature.typeParameters(), method, false);
            line.append(parameters).append(parameters.isEmpty() ? "" : " ");
            if (method.methodName().equalsString("<init>")) {
                line.append(owner.thisClass().asSymbol().displayName().replaceFirst(".*[$]", ""));
            } else {
                line.append(of(signature.result(), "METHOD_RETURN")).append(' ');
                line.append(method.methodName().stringValue());
            }
            List<String> types = new ArrayList<>();
            for (int i = 0; i < signature.arguments().size(); i++) {
                types.add(of(signature.arguments().get(i), "METHOD_FORMAL_PARAMETER " + i));
            }
            if (flags.contains(AccessFlag.VARARGS)) {
                types.add(types.removeLast().replaceFirst("\\[]$", "..."));
            }
            line.append('(').append(String.join(", ", types)).append(')');
            List<String> thrown = signature.throwableSignatures().isEmpty()
                    ? method.findAttribute(Attributes.exceptions()).stream()
                            .flatMap(a -> a.exceptions().stream())
                            .map(this::of)
                            .toList()
                    : signature.throwableSignatures().stream()
                            .map(t -> of((Signature) t))
                            .toList();
            if (!thrown.isEmpty()) {
                line.append(" throws ").append(thrown.stream().sorted().collect(Collectors.joining(", ")));
            }
            method.findAttribute(Attributes.annotationDefault())
                    .ifPresent(a -> line.append(" default ").append(value(a.defaultValue())));
            return line.toString();
        }

        String component(RecordComponentInfo component) {
            nullable = nullable(component);
            return of(
                    component
                            .findAttribute(Attributes.signature())
                            .map(a -> a.asTypeSignature())
                            .orElseGet(() -> Signature.of(component.descriptorSymbol())),
                    "FIELD");
        }

        /** {@code <T extends A & B>}, or nothing. */
        String typeParameters(List<Signature.TypeParam> parameters, AttributedElement declaration, boolean ofClass) {
            if (parameters.isEmpty()) {
                return "";
            }
            nullable = nullable(declaration);
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < parameters.size(); i++) {
                Signature.TypeParam parameter = parameters.get(i);
                List<String> bounds = new ArrayList<>();
                String place = (ofClass ? "CLASS" : "METHOD") + "_TYPE_PARAMETER_BOUND " + i + ".";
                parameter.classBound().ifPresent(b -> bounds.add(of(b, place + 0)));
                for (Signature bound : parameter.interfaceBounds()) {
                    bounds.add(of(
                            bound,
                            place + (bounds.size() + (parameter.classBound().isPresent() ? 0 : 1))));
                }
                bounds.remove("Object");
                texts.add(parameter.identifier() + (bounds.isEmpty() ? "" : " extends " + String.join(" & ", bounds)));
            }
            return "<" + String.join(", ", texts) + ">";
        }

        String of(ClassEntry type) {
            return of(Signature.of(type.asSymbol()));
        }

        /** A type at a place where no annotation is looked for. */
        String of(Signature type) {
            return of(type, "NOWHERE");
        }

        /** A type; {@code place} says where in the declaration, and inside of what: a path as in the class file. */
        private String of(Signature type, String place) {
            String at = place.endsWith("]") ? place : place + " []";
            boolean isNullable = nullable.contains(at);
            return switch (type) {
                case Signature.ArrayTypeSig array ->
                    // The mark of the array stands before its brackets: byte @Nullable [].
                    of(array.componentSignature(), into(at, "ARRAY 0")) + (isNullable ? " @Nullable []" : "[]");
                case Signature.ClassTypeSig named -> (isNullable ? "@Nullable " : "") + named(named, at);
                case Signature.TypeVarSig variable -> (isNullable ? "@Nullable " : "") + variable.identifier();
                case Signature.BaseTypeSig base ->
                    ClassDesc.ofDescriptor(base.signatureString()).displayName();
            };
        }

        private String named(Signature.ClassTypeSig type, String at) {
            String binary = type.className().replace('/', '.');
            String name = type.outerType().isPresent()
                    ? named(type.outerType().get(), at) + "." + binary
                    : shortened(binary.replace('$', '.'));
            List<String> arguments = new ArrayList<>();
            for (int i = 0; i < type.typeArgs().size(); i++) {
                String inside = into(at, "TYPE_ARGUMENT " + i);
                arguments.add(
                        switch (type.typeArgs().get(i)) {
                            case Signature.TypeArg.Unbounded _ -> "?";
                            case Signature.TypeArg.Bounded bounded ->
                                switch (bounded.wildcardIndicator()) {
                                    case NONE -> of(bounded.boundType(), inside);
                                    case EXTENDS -> "? extends " + of(bounded.boundType(), into(inside, "WILDCARD 0"));
                                    case SUPER -> "? super " + of(bounded.boundType(), into(inside, "WILDCARD 0"));
                                };
                        });
            }
            return name + (arguments.isEmpty() ? "" : "<" + String.join(", ", arguments) + ">");
        }

        private String shortened(String name) {
            for (String home : List.of(ownPackage, "java.lang")) {
                if (name.startsWith(home + ".")
                        && !name.substring(home.length() + 1).matches("[a-z].*")) {
                    return name.substring(home.length() + 1);
                }
            }
            return name;
        }

        private static String into(String place, String step) {
            return place.substring(0, place.length() - 1) + "/" + step + "]";
        }

        private static Set<String> nullable(AttributedElement element) {
            return element.findAttribute(Attributes.runtimeVisibleTypeAnnotations()).stream()
                    .flatMap(a -> a.annotations().stream())
                    .filter(a -> a.annotation().className().equalsString(NULLABLE))
                    .map(Names::place)
                    .collect(Collectors.toSet());
        }

        private static String place(TypeAnnotation annotation) {
            var target = annotation.targetInfo();
            String number = switch (target) {
                case TypeAnnotation.FormalParameterTarget p -> " " + p.formalParameterIndex();
                case TypeAnnotation.TypeParameterBoundTarget b -> " " + b.typeParameterIndex() + "." + b.boundIndex();
                default -> "";
            };
            return target.targetType()
                    + number
                    + annotation.targetPath().stream()
                            // A nested class that is not static would be a step of its own: the API has none.
                            .map(s -> "/" + s.typePathKind() + " " + s.typeArgumentIndex())
                            .collect(Collectors.joining("", " [", "]"));
        }

        private static String constant(Object value, Signature type) {
            return switch (type.signatureString()) {
                case "Z" -> value.equals(0) ? "false" : "true";
                case "C" -> "'" + (char) (int) value + "'";
                case "J" -> value + "L";
                default -> value instanceof String text ? quoted(text) : value.toString();
            };
        }

        private static String value(AnnotationValue value) {
            return switch (value) {
                case AnnotationValue.OfString text -> quoted(text.stringValue());
                case AnnotationValue.OfConstant constant ->
                    constant.resolvedValue().toString();
                case AnnotationValue.OfArray array ->
                    array.values().stream().map(Names::value).collect(Collectors.joining(", ", "{", "}"));
                case AnnotationValue.OfEnum constant -> constant.constantName().stringValue();
                case AnnotationValue.OfClass type -> type.classSymbol().displayName() + ".class";
                case AnnotationValue.OfAnnotation annotation ->
                    annotation.annotation().toString();
            };
        }

        private static String quoted(String text) {
            return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\"", "\\\"") + '"';
        }
    }
}
