export { eventually } from "@media/drills/eventually";
