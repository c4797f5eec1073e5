package heddle.cli;

import heddle.gateway.access.Cidr;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A network as people write it: {@code 192.0.2.0/24}, {@code 2001:db8::/32}, or one address. */
final class Network implements ITypeConverter<Cidr> {

    @Override
    public Cidr convert(String text) {
        try {
            return Cidr.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
