// Waits for a method that is `async void`, which hands out no task: the context it runs in is told of its beginning and its end, and gets
// what it throws.
using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace Hotcell.Shim
{
    sealed class AsyncVoid : SynchronizationContext
    {
        readonly ManualResetEventSlim done = new ManualResetEventSlim(false);
        int running = 1; // the call itself
        ExceptionDispatchInfo thrown;

        public static object Run(Action method)
        {
            var context = new AsyncVoid();
            SynchronizationContext before = Current;
            SetSynchronizationContext(context);
            try
            {
                method();
            }
            finally
            {
                SetSynchronizationContext(before);
            }
            context.OperationCompleted();
            context.done.Wait();
            if (context.thrown != null) context.thrown.Throw();
            return null;
        }

        public override void OperationStarted() { Interlocked.Increment(ref running); }

        public override void OperationCompleted()
        {
            if (Interlocked.Decrement(ref running) == 0) done.Set();
        }

        public override void Post(SendOrPostCallback callback, object state)
        {
            OperationStarted(); // what is posted is waited for, too: the exception comes this way
            ThreadPool.QueueUserWorkItem(unused =>
            {
                SetSynchronizationContext(this);
                try
                {
                    callback(state);
                }
                catch (Exception error)
                {
                    Interlocked.CompareExchange(ref thrown, ExceptionDispatchInfo.Capture(error), null);
                }
                finally
                {
                    SetSynchronizationContext(null);
                    OperationCompleted();
                }
            });
        }

        public override SynchronizationContext CreateCopy() { return this; }
    }
}
