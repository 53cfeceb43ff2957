/** Durable Objects import their migrations as text (wrangler's default rule for `.sql`, and `bundle.ts`). */
declare module "*.sql" {
  const statements: string;
  export default statements;
}
