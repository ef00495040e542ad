-- The texts become one value as bytes; the data step of this migration seals it in the same transaction (data-steps.ts).
ALTER TABLE "site"."audit_entries" ADD COLUMN "details" bytea;--> statement-breakpoint
ALTER TABLE "site"."audit_entries" ADD COLUMN "owner" text;--> statement-breakpoint
UPDATE "site"."audit_entries" SET
  owner = 'service',
  details = convert_to((jsonb_strip_nulls(jsonb_build_object('names', jsonb_build_object(coalesce(actor->>'id', actor->'onBehalfOf'->>'id', '-'), coalesce(actor->>'name', actor->'onBehalfOf'->>'name'))))
    || jsonb_build_object('before', "before", 'after', "after", 'reason', reason))::text, 'UTF8'),
  actor = (actor - 'name') #- '{onBehalfOf,name}';--> statement-breakpoint
ALTER TABLE "site"."audit_entries" ALTER COLUMN "details" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "site"."audit_entries" ALTER COLUMN "owner" SET NOT NULL;
