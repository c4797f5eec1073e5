/**
 * A small house that breaks every rule of {@code PackageDirectionTest}, to show that each is seen.
 */
package heddle.wrong;
