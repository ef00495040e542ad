import { customType } from 'drizzle-orm/pg-core';

/** A column of bytes. */
export const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' });

/** A column that holds a sealed value (see `vault.ts`), as bytes. */
export const sealed = bytes;
