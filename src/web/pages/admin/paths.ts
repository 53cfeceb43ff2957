/** Paths of the admin's pages. */

/** The page of a subject of reports: a DID, or an at-uri. */
export const subjectPath = (subject: string): string => `/admin/reports/${encodeURIComponent(subject)}`;
