CREATE TABLE "study"."allocations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"stratum_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"strata" jsonb NOT NULL,
	"confirmed_by" text NOT NULL,
	"actor" jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."randomisation_entries" (
	"stratum_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"block" integer NOT NULL,
	"arm" text NOT NULL,
	CONSTRAINT "randomisation_entries_position" PRIMARY KEY("stratum_id","position")
);
--> statement-breakpoint
CREATE TABLE "study"."randomisation_lists" (
	"protocol_version_id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"seed" text NOT NULL,
	"method" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."randomisation_strata" (
	"id" uuid PRIMARY KEY NOT NULL,
	"protocol_version_id" uuid NOT NULL,
	"key" text NOT NULL,
	"blocks" integer NOT NULL,
	"length" integer NOT NULL,
	"next" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "study"."allocations" ADD CONSTRAINT "allocations_stratum_id_randomisation_strata_id_fk" FOREIGN KEY ("stratum_id") REFERENCES "study"."randomisation_strata"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study"."randomisation_entries" ADD CONSTRAINT "randomisation_entries_stratum_id_randomisation_strata_id_fk" FOREIGN KEY ("stratum_id") REFERENCES "study"."randomisation_strata"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study"."randomisation_strata" ADD CONSTRAINT "randomisation_strata_protocol_version_id_randomisation_lists_protocol_version_id_fk" FOREIGN KEY ("protocol_version_id") REFERENCES "study"."randomisation_lists"("protocol_version_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "allocations_enrollment" ON "study"."allocations" USING btree ("enrollment_id");--> statement-breakpoint
CREATE UNIQUE INDEX "allocations_position" ON "study"."allocations" USING btree ("stratum_id","position");--> statement-breakpoint
CREATE INDEX "allocations_at" ON "study"."allocations" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "randomisation_strata_key" ON "study"."randomisation_strata" USING btree ("protocol_version_id","key");