CREATE TABLE "site"."activations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"cap" integer NOT NULL,
	"reserved" integer DEFAULT 0 NOT NULL,
	"confirmed" integer DEFAULT 0 NOT NULL,
	"taken" integer GENERATED ALWAYS AS (reserved + confirmed) STORED NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "activations_counts" CHECK ("site"."activations"."reserved" >= 0 and "site"."activations"."confirmed" >= 0),
	CONSTRAINT "activations_cap" CHECK ("site"."activations"."reserved" + "site"."activations"."confirmed" <= "site"."activations"."cap")
);
--> statement-breakpoint
CREATE TABLE "site"."approvals" (
	"id" uuid PRIMARY KEY NOT NULL,
	"activation_id" uuid NOT NULL,
	"protocol_version" text NOT NULL,
	"ethics_approved_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "site"."audit_entries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"action" text NOT NULL,
	"verb" text NOT NULL,
	"entity" text NOT NULL,
	"entity_id" text NOT NULL,
	"actor" jsonb NOT NULL,
	"reason" text,
	"before" jsonb,
	"after" jsonb,
	"request_id" text NOT NULL,
	"command_key" text
);
--> statement-breakpoint
CREATE TABLE "site"."command_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"verb" text NOT NULL,
	"content_hash" text NOT NULL,
	"state" text NOT NULL,
	"result" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "site"."sites" (
	"id" uuid PRIMARY KEY NOT NULL,
	"code" text NOT NULL,
	"name" text NOT NULL,
	"address" text,
	"timezone" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "site"."slots" (
	"id" uuid PRIMARY KEY NOT NULL,
	"activation_id" uuid NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"status" text NOT NULL,
	"reserved_at" timestamp with time zone NOT NULL,
	"confirmed_at" timestamp with time zone,
	"released_at" timestamp with time zone,
	CONSTRAINT "slots_status" CHECK ("site"."slots"."status" in ('reserved', 'confirmed', 'released'))
);
--> statement-breakpoint
ALTER TABLE "site"."activations" ADD CONSTRAINT "activations_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "site"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "site"."approvals" ADD CONSTRAINT "approvals_activation_id_activations_id_fk" FOREIGN KEY ("activation_id") REFERENCES "site"."activations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "site"."slots" ADD CONSTRAINT "slots_activation_id_activations_id_fk" FOREIGN KEY ("activation_id") REFERENCES "site"."activations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "activations_study_site" ON "site"."activations" USING btree ("study_id","site_id");--> statement-breakpoint
CREATE INDEX "activations_site" ON "site"."activations" USING btree ("site_id");--> statement-breakpoint
CREATE UNIQUE INDEX "approvals_version" ON "site"."approvals" USING btree ("activation_id","protocol_version");--> statement-breakpoint
CREATE INDEX "audit_entries_entity" ON "site"."audit_entries" USING btree ("entity","entity_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "sites_code" ON "site"."sites" USING btree ("code");--> statement-breakpoint
CREATE UNIQUE INDEX "slots_live_enrollment" ON "site"."slots" USING btree ("enrollment_id") WHERE "site"."slots"."status" in ('reserved', 'confirmed');--> statement-breakpoint
CREATE INDEX "slots_activation" ON "site"."slots" USING btree ("activation_id");