import { Link } from "../components/link.tsx";

export default function NotFound() {
  return (
    <main id="main">
      <h1>There is no such page</h1>
      <p>
        <Link href="/">Search films and series</Link>
      </p>
    </main>
  );
}
