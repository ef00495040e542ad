/** The privacy officer of an installation that names none. */
export const PRIVACY_EMAIL = 'privacy@trial.example';
/** What the EU asks for the trial master file (Regulation 536/2014, 58), the longest of those that apply. */
export const RETENTION_YEARS = 25;
/** Found within a minute, and told once more after an hour. */
export const WATCH = { everyMs: 20_000, escalateAfterMs: 3_600_000 };
