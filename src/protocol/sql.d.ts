/** Objects import their migrations as text (`[[rules]]` of wrangler.toml). */
declare module "*.sql" {
  const statements: string;
  export default statements;
}
