/** What a no-op exporter has been given, to check that a contestant has not won by losing spans. */
export const exported = { spans: 0 }
