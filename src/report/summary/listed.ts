// How much of what can be many the Summary lists.

/** Tenants beyond this many are counted, not listed: the worst come first. */
export const TENANTS_LISTED = 200;
