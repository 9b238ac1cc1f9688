import { connection } from "next/server";
import { LibraryList } from "../../components/lists.tsx";
import { Private } from "../../components/private.tsx";

export const metadata = { title: "Library – Media requests" };

export default async function Page() {
  await connection();
  return (
    <main id="main">
      <h1>Library</h1>
      <Private to="see what is there">
        <LibraryList />
      </Private>
    </main>
  );
}
