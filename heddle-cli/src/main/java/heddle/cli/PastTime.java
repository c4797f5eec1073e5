package heddle.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time as people write it: ISO 8601 with its offset from UTC, or a {@link TimeSpan} before now. */
final class PastTime implements ITypeConverter<Instant> {

    @Override
    public Instant convert(String text) {
        if (text.indexOf('T') < 0) {
            return Instant.now().minus(new TimeSpan().convert(text));
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw new TypeConversionException(
                    "'" + text + "' is no time: want 2026-11-29T21:00:00Z, or 10m for ten minutes ago");
        }
    }
}
