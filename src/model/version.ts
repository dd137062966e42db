/** The package's version, as scope version and in the user agent. A test holds it against package.json. */
export const VERSION = '0.1.0';
