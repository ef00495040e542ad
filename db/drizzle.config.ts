import { defineConfig } from 'drizzle-kit';

// One configuration for all services: `SERVICE=patient drizzle-kit generate --config db/drizzle.config.ts --name …`
const service = process.env['SERVICE'];
if (!service) throw new Error('say which service: npm run migrations -- <service> <name>');

export default defineConfig({
  dialect: 'postgresql',
  schema: `./services/${service}/**/tables.ts`,
  out: `./db/migrations/${service}`,
  schemaFilter: [service],
});
