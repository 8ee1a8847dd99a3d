// The proof follows what is chosen.
import { watchProof } from "./proof.js";

watchProof(document.querySelector("[data-template]"));
