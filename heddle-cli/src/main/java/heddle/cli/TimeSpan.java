package heddle.cli;

import java.time.Duration;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A length of time as people write it: {@code 500ms}, {@code 30s}, {@code 5m}, {@code 1h}. From a millisecond, as no
 * wait of ours makes sense without any, to a hundred years, as nanoseconds in a long reach no further than 292.
 */
final class TimeSpan implements ITypeConverter<Duration> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    private static final Duration MAX = Duration.ofDays(36_500); // 876000h

    @Override
    public Duration convert(String text) {
        var parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw new TypeConversionException("'" + text + "' is no time: want 500ms, 30s, 5m or 1h");
        }
        long count = Long.parseLong(parts.group(1));
        Duration span = switch (parts.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            default -> Duration.ofHours(count);
        };
        if (span.isZero() || span.compareTo(MAX) > 0) {
            throw new TypeConversionException("'" + text + "': want 1ms to 876000h");
        }
        return span;
    }
}
