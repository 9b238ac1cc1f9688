import { connection } from "next/server";
import { OwnPlan, PlanList } from "../../components/lists.tsx";
import { Private } from "../../components/private.tsx";

export const metadata = { title: "Plans – Media requests" };

export default async function Page() {
  await connection();
  return (
    <main id="main">
      <h1>Plans</h1>
      <PlanList />
      <Private to="see your own plan">
        <OwnPlan />
      </Private>
    </main>
  );
}
