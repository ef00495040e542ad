CREATE TABLE "study"."baseline_corrections" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"strata" jsonb NOT NULL,
	"reason" text NOT NULL,
	"deviation_id" uuid NOT NULL,
	"actor" jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."code_breaks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"result" text NOT NULL,
	"user_id" text NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"told_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "study"."unblinding_approvals" (
	"unblinding_id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"reason" text,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."unblindings" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"scope" text NOT NULL,
	"enrollment_id" uuid,
	"reason" text NOT NULL,
	"user_id" text NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "unblindings_scope" CHECK (("study"."unblindings"."scope" = 'subject') = ("study"."unblindings"."enrollment_id" is not null))
);
--> statement-breakpoint
ALTER TABLE "study"."unblinding_approvals" ADD CONSTRAINT "unblinding_approvals_unblinding_id_unblindings_id_fk" FOREIGN KEY ("unblinding_id") REFERENCES "study"."unblindings"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study"."unblindings" ADD CONSTRAINT "unblindings_study_id_studies_id_fk" FOREIGN KEY ("study_id") REFERENCES "study"."studies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "baseline_corrections_enrollment" ON "study"."baseline_corrections" USING btree ("enrollment_id","id");--> statement-breakpoint
CREATE INDEX "code_breaks_user" ON "study"."code_breaks" USING btree ("user_id","enrollment_id","at");--> statement-breakpoint
CREATE INDEX "code_breaks_enrollment" ON "study"."code_breaks" USING btree ("enrollment_id","id");--> statement-breakpoint
CREATE INDEX "code_breaks_untold" ON "study"."code_breaks" USING btree ("id") WHERE "study"."code_breaks"."told_at" is null;--> statement-breakpoint
CREATE INDEX "unblindings_study" ON "study"."unblindings" USING btree ("study_id","id");--> statement-breakpoint
CREATE INDEX "unblindings_enrollment" ON "study"."unblindings" USING btree ("enrollment_id");