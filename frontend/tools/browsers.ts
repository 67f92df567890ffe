/** Oldest browsers that the apps are built for: those of early 2022, which phones of 2015 and later can run. */
export const OLDEST_BROWSERS = ["chrome100", "firefox100", "safari15.4"];
