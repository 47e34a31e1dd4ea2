# What siaga112 uses of panoramisk 1.4; its fast_agi and call_manager are left out on purpose.

from .manager import Manager as Manager
from .message import Message as Message
