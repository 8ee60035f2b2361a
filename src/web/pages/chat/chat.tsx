// Chat: the conversations on the left, one of them on the right. On a narrow screen it is one or the other.

import { useRoute } from "wouter";
import { Split } from "../../parts/split.tsx";
import classes from "./chat.module.css";
import { Conversation } from "./conversation.tsx";
import { Conversations } from "./conversations.tsx";
import { NewChat } from "./new-chat.tsx";

export function View() {
  const [, params] = useRoute("/chat/:id");
  const id = params?.id;
  return (
    <div className={classes.chat}>
      <Split
        name="chat"
        first={28}
        narrow={id === undefined ? "main" : "detail"}
        main={<Conversations current={id} />}
        detail={
          id === undefined || id === "new" ? (
            <NewChat isAlone={id === "new"} />
          ) : (
            <Conversation key={id} id={id} />
          )
        }
      />
    </div>
  );
}
