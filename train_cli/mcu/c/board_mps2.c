/* Start-up for Arm's MPS2 boards (AN386: Cortex-M4F, AN500: Cortex-M7), as QEMU emulates them.
 *
 * Under `qemu-system-arm -icount shift=0` an instruction takes 1 ns of the board's time, so the SysTick timer at
 * 25 MHz counts instructions in steps of 40. */
#include <stdint.h>
#include <stdlib.h>

extern uint32_t __stack[], __bss_start__[], __bss_end__[];
extern void initialise_monitor_handles(void);
extern int main(void);

static volatile uint32_t *const systick = (volatile uint32_t *)0xE000E010;
static volatile uint32_t *const cpacr = (volatile uint32_t *)0xE000ED88;

const uint32_t dw_instructions_per_tick = 40;

uint32_t dw_ticks(void) { return 0xFFFFFF - systick[2]; }

/* newlib's exit asks for these, which the compiler's own start-up files would define. */
void _init(void) {}
void _fini(void) {}

void reset(void) {
  *cpacr |= 0xFu << 20; /* the floating-point unit */
  for (uint32_t *word = __bss_start__; word < __bss_end__; ++word) *word = 0;
  systick[1] = 0xFFFFFF;
  systick[2] = 0;
  systick[0] = 5; /* on, at the clock of the core */
  initialise_monitor_handles();
  exit(main());
}

static void fault(void) { exit(2); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    __stack, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault};
