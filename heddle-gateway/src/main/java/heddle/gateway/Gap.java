package heddle.gateway;

import java.io.Serializable;

/**
 * Messages that a store does not have any more.
 *
 * @param first the number of the first
 * @param last the number of the last
 * @param why in words; names the file and the offset if it is damaged
 */
public record Gap(long first, long last, String why) implements Serializable {

    /**
     * One line for a person.
     *
     * @return the numbers and why
     */
    @Override
    public String toString() {
        return (first == last ? "message " + first + " is" : "messages " + first + " to " + last + " are")
                + " missing: "
                + why;
    }
}
