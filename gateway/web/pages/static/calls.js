// The call log: its clocks, and the player of its recordings.

import "./clocks.js";
import "./player.js";
