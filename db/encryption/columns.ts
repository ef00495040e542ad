import { customType } from 'drizzle-orm/pg-core';

/** A column that holds a sealed value (see `vault.ts`), as bytes. */
export const sealed = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' });
